// The button that keeps a chart as a picture.

import { savePicture, type Words } from "./picture.ts";

export function SavePicture({ words, canvas }: { words: Words; canvas: () => HTMLCanvasElement | null }) {
  function save(): void {
    const painted = canvas();
    if (painted !== null) savePicture(painted, words);
  }
  return (
    <button type="button" className="quiet save" title="Save as a picture" aria-label={`Save ${words.title} as a picture`} onClick={save}>
      PNG
    </button>
  );
}
