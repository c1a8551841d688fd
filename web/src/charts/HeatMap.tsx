// The heat map of latencies: how many answers of each second fell into each bucket, darker for more.

import { useEffect, useRef, useState } from "react";
import type { HeatScale, Mark } from "../api/types.ts";
import type { Past } from "../model/history.ts";
import { clock, count, milliseconds } from "../model/units.ts";
import { ink, useShown } from "../parts/theme.ts";
import { bucketAt, type Cells, cellsOf, edge_ms, levels } from "./heat.ts";
import { drawMarks, type Field } from "./marks.ts";
import { usePainting } from "./painter.ts";
import { SavePicture } from "./SavePicture.tsx";
import { type Range, tick, ticks } from "./time.ts";

const CELL = 3;
const PAD = { left: 56, right: 20, top: 8, bottom: 28 };

interface Drawn {
  cells: Cells | null;
  field: Field;
  range: Range;
}

export function HeatMap(props: {
  past: readonly Past[];
  marks: readonly Mark[];
  range: Range;
  scale: HeatScale;
  height?: number;
}) {
  const { past, marks, range, scale, height = 220 } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<Drawn | null>(null);
  const [width, setWidth] = useState(0);
  const [words, setWords] = useState("");
  const theme = useShown();

  useEffect(() => {
    const parent = canvas.current?.parentElement;
    if (parent == null) return undefined;
    const observer = new ResizeObserver(() => setWidth(parent.clientWidth));
    observer.observe(parent);
    setWidth(parent.clientWidth);
    return () => observer.disconnect();
  }, []);

  const paint = () => {
    if (canvas.current !== null && width > 0) {
      drawn.current = draw(canvas.current, { past, marks, range, scale, width, height });
    }
  };
  usePainting(canvas, paint, [past, marks, range.from, range.to, scale, width, height, theme]);

  return (
    <figure className="chart whole">
      <figcaption>
        <h3>
          Latency <span className="unit">answers by second and response time</span>
        </h3>
        <span className="chart-time">{words}</span>
        <SavePicture words={{ title: "Latency", lines: [] }} canvas={() => canvas.current} />
      </figcaption>
      <div className="chart-place">
        <canvas
          ref={canvas}
          role="img"
          aria-label="Heat map of response times over time"
          style={{ height }}
          onPointerMove={(event) => setWords(told(event, drawn.current, scale))}
          onPointerLeave={() => setWords("")}
        />
      </div>
    </figure>
  );
}

interface Picture {
  past: readonly Past[];
  marks: readonly Mark[];
  range: Range;
  scale: HeatScale;
  width: number;
  height: number;
}

function draw(canvas: HTMLCanvasElement, picture: Picture): Drawn {
  const { width, height, range, scale, past, marks } = picture;
  const ratio = devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(ratio, ratio);
  const field = {
    left: PAD.left,
    top: PAD.top,
    width: Math.max(1, width - PAD.left - PAD.right),
    height: height - PAD.top - PAD.bottom,
  };
  const cells = cellsOf(past, range, Math.max(1, Math.floor(field.width / CELL)));
  const muted = ink("--muted");
  context.font = "11px system-ui, sans-serif";
  axes(context, field, range, cells, scale, muted);
  if (cells !== null) fill(context, field, cells);
  const x = (at: number) => field.left + ((at - range.from) / (range.to - range.from)) * field.width;
  drawMarks(context, marks, field, x, { colour: muted, paper: muted, font: context.font, scale: 1, withWords: false });
  return { cells, field, range };
}

function axes(
  context: CanvasRenderingContext2D,
  field: Field,
  range: Range,
  cells: Cells | null,
  scale: HeatScale,
  muted: string,
): void {
  context.strokeStyle = ink("--line");
  context.fillStyle = muted;
  context.textBaseline = "middle";
  context.textAlign = "right";
  if (cells !== null) {
    for (const ms of levels(cells.lowest, cells.rows, scale, 7)) {
      const y = field.top + field.height * (1 - (bucketAt(ms, scale) - cells.lowest) / cells.rows);
      context.beginPath();
      context.moveTo(field.left, Math.round(y) + 0.5);
      context.lineTo(field.left + field.width, Math.round(y) + 0.5);
      context.stroke();
      context.fillText(short(ms), field.left - 8, y);
    }
  }
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const { at, step_s } of ticks(range, field.width / 90)) {
    const x = field.left + ((at - range.from) / (range.to - range.from)) * field.width;
    context.fillText(tick(at, step_s), x, field.top + field.height + 9);
  }
  context.textAlign = "left";
}

function short(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}

/** A pixel for each cell; stretched over the field afterwards, which costs less than thousands of rectangles. */
const layer = document.createElement("canvas");

function fill(context: CanvasRenderingContext2D, field: Field, { columns, rows, counts, most }: Cells): void {
  const image = new ImageData(columns, rows);
  const [red = 0, green = 0, blue = 0] = (ink("--accent").match(/\d+/g) ?? []).map(Number);
  const full = Math.log1p(most);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const times = counts[row * columns + column] as number;
      if (times === 0) continue;
      const opacity = 0.1 + 0.9 * (Math.log1p(times) / full);
      image.data.set([red, green, blue, Math.round(255 * opacity)], 4 * ((rows - 1 - row) * columns + column));
    }
  }
  layer.width = columns;
  layer.height = rows;
  (layer.getContext("2d") as CanvasRenderingContext2D).putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(layer, field.left, field.top, field.width, field.height);
}

/** What lies under the pointer, in words. */
function told(event: React.PointerEvent<HTMLCanvasElement>, drawn: Drawn | null, scale: HeatScale): string {
  if (drawn === null || drawn.cells === null) return "";
  const { cells, field, range } = drawn;
  const box = event.currentTarget.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left - field.left) / field.width) * cells.columns);
  const row = Math.floor((1 - (event.clientY - box.top - field.top) / field.height) * cells.rows);
  if (column < 0 || column >= cells.columns || row < 0 || row >= cells.rows) return "";
  const at = range.from + ((column + 0.5) / cells.columns) * (range.to - range.from);
  const bucket = cells.lowest + row;
  const times = cells.counts[row * cells.columns + column] as number;
  // The lowest bucket holds everything below it, too.
  const from = bucket === 0 ? "up" : milliseconds(edge_ms(bucket, scale));
  const edges = `${from} to ${milliseconds(edge_ms(bucket + 1, scale))}`;
  return `${clock(at)} · ${edges} · ${count(times)}`;
}
