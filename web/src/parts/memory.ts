// What did this reader choose in an earlier visit? A report opened from a file may have no storage: then nothing.

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`katydid.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`katydid.${key}`, value);
  } catch {
    // then it holds for this visit
  }
}
