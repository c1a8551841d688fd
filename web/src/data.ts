// What did the server put into the document?

/** The JSON of the document's data element, or an empty object. */
export function embedded<T extends object>(): Partial<T> {
  const text = document.getElementById("katydid-data")?.textContent ?? "";
  return text.trim() === "" ? {} : (JSON.parse(text) as Partial<T>);
}
