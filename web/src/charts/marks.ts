// How do the marks of a run (start, stage, pause, …) stand in a chart?

import type { Mark } from "../api/types.ts";

const WORDS: Record<Mark["kind"], string> = {
  start: "start",
  spawned: "all spawned",
  stage: "stage",
  users: "users",
  pause: "pause",
  resume: "resume",
  reset: "reset",
  stop: "stop",
};

/** What a mark says where there is little room. */
export function label(mark: Mark): string {
  return mark.text || (WORDS[mark.kind] ?? mark.kind);
}

export interface Field {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Draws dashed lines, and their words where they do not run into each other. */
export function drawMarks(
  canvas: CanvasRenderingContext2D,
  marks: readonly Mark[],
  field: Field,
  x: (at: number) => number,
  style: { colour: string; font: string; scale: number; withWords: boolean },
): void {
  canvas.save();
  canvas.strokeStyle = style.colour;
  canvas.fillStyle = style.colour;
  canvas.font = style.font;
  canvas.lineWidth = style.scale;
  canvas.textBaseline = "top";
  let free = field.left;
  for (const mark of marks) {
    const at = Math.round(x(mark.at)) + 0.5;
    if (at < field.left || at > field.left + field.width) continue;
    canvas.setLineDash([3 * style.scale, 3 * style.scale]);
    canvas.beginPath();
    canvas.moveTo(at, field.top);
    canvas.lineTo(at, field.top + field.height);
    canvas.stroke();
    if (!style.withWords || at < free) continue;
    const words = label(mark);
    const width = canvas.measureText(words).width + 8 * style.scale;
    if (at + width > field.left + field.width) continue;
    canvas.fillText(words, at + 4 * style.scale, field.top + 2 * style.scale);
    free = at + width;
  }
  canvas.restore();
}
