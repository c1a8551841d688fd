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

export interface MarkStyle {
  colour: string;
  /** What words stand on, so that no line runs through them. */
  paper: string;
  font: string;
  scale: number;
  withWords: boolean;
}

/** Draws dashed lines, and their words where they do not run into each other. */
export function drawMarks(
  canvas: CanvasRenderingContext2D,
  marks: readonly Mark[],
  field: Field,
  x: (at: number) => number,
  style: MarkStyle,
): void {
  const shown = marks
    .map((mark) => ({ words: label(mark), at: Math.round(x(mark.at)) + 0.5 }))
    .filter(({ at }) => at >= field.left && at <= field.left + field.width);
  canvas.save();
  canvas.strokeStyle = style.colour;
  canvas.lineWidth = style.scale;
  canvas.setLineDash([3 * style.scale, 3 * style.scale]);
  for (const { at } of shown) {
    canvas.beginPath();
    canvas.moveTo(at, field.top);
    canvas.lineTo(at, field.top + field.height);
    canvas.stroke();
  }
  if (style.withWords) drawWords(canvas, shown, field, style);
  canvas.restore();
}

function drawWords(
  canvas: CanvasRenderingContext2D,
  shown: readonly { words: string; at: number }[],
  field: Field,
  { colour, paper, font, scale }: MarkStyle,
): void {
  canvas.font = font;
  canvas.textAlign = "left";
  canvas.textBaseline = "top";
  let free = field.left;
  for (const { words, at } of shown) {
    const width = canvas.measureText(words).width + 8 * scale;
    if (at < free || at + width > field.left + field.width) continue;
    canvas.fillStyle = paper;
    canvas.fillRect(at + scale, field.top, width - scale, 15 * scale);
    canvas.fillStyle = colour;
    canvas.fillText(words, at + 4 * scale, field.top + 2 * scale);
    free = at + width;
  }
}
