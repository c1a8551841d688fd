// When is a chart painted? One in a frame and only while it is in sight, so that no frame waits for all of them.
//
// What is out of sight keeps its newest picture due and gets it when it is scrolled to, or when the page goes to print.

import { type DependencyList, type RefObject, useEffect, useRef } from "react";

interface Job {
  paint: () => void;
  isInSight: boolean;
  isDue: boolean;
}

const jobs = new Set<Job>();
let isRunning = false;

function run(): void {
  if (isRunning) return;
  isRunning = true;
  requestAnimationFrame(next);
}

function next(): void {
  isRunning = false;
  const job = [...jobs].find(({ isDue, isInSight }) => isDue && isInSight);
  if (job === undefined) return;
  paint(job);
  run();
}

function paint(job: Job): void {
  job.isDue = false;
  job.paint();
}

/** Paints everything that is due, in sight or not: paper shows all of it. */
function paintAll(): void {
  for (const job of jobs) if (job.isDue) paint(job);
}

addEventListener("beforeprint", paintAll);

const sight = new IntersectionObserver(
  (changes) => {
    for (const { target, isIntersecting } of changes) {
      const job = seen.get(target);
      if (job !== undefined) job.isInSight = isIntersecting;
    }
    run();
  },
  { rootMargin: "200px" },
);
const seen = new WeakMap<Element, Job>();

/** Has something painted whenever one of the values changes, once its place is in sight. */
export function usePainting(place: RefObject<Element | null>, how: () => void, values: DependencyList): void {
  const job = useRef<Job | null>(null);
  job.current ??= { paint: how, isInSight: false, isDue: true };
  const mine = job.current;
  mine.paint = how;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    jobs.add(mine);
    seen.set(element, mine);
    sight.observe(element);
    return () => {
      jobs.delete(mine);
      sight.unobserve(element);
    };
  }, [place, mine]);

  useEffect(() => {
    mine.isDue = true;
    run();
    // The caller's values are what the picture depends on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, values);
}
