// How does a chart become a picture to be kept? Its canvas under its title, as PNG.

import { ink } from "../parts/theme.ts";
import { pictureName } from "./time.ts";

const PAD = 14;
const HEAD = 34;

export interface Words {
  title: string;
  /** What the lines are, each with the colour that it has. */
  lines: { label: string; colour: string }[];
}

/** Offers the picture as a download. */
export function savePicture(canvas: HTMLCanvasElement, words: Words): void {
  composed(canvas, words).toBlob((blob) => {
    if (blob === null) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = pictureName(words.title, new Date());
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}

function composed(canvas: HTMLCanvasElement, { title, lines }: Words): HTMLCanvasElement {
  const ratio = devicePixelRatio;
  const whole = document.createElement("canvas");
  whole.width = canvas.width + 2 * PAD * ratio;
  whole.height = canvas.height + (HEAD + PAD) * ratio;
  const context = whole.getContext("2d") as CanvasRenderingContext2D;
  context.fillStyle = ink("--panel");
  context.fillRect(0, 0, whole.width, whole.height);
  context.drawImage(canvas, PAD * ratio, HEAD * ratio);
  context.scale(ratio, ratio);
  context.textBaseline = "middle";
  context.fillStyle = ink("--text");
  context.font = "600 13px system-ui, sans-serif";
  context.fillText(title, PAD, HEAD / 2);
  let left = PAD + context.measureText(title).width + 20;
  context.font = "12px system-ui, sans-serif";
  for (const { label, colour } of lines) {
    context.fillStyle = ink(colour);
    context.fillRect(left, HEAD / 2 - 1, 12, 3);
    context.fillStyle = ink("--muted");
    context.fillText(label, left + 18, HEAD / 2);
    left += context.measureText(label).width + 36;
  }
  return whole;
}
