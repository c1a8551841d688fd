// The field whose words narrow a list down.

export function Filter({ label, text, onText }: { label: string; text: string; onText: (text: string) => void }) {
  return (
    <input
      type="search"
      className="filter"
      placeholder={label}
      aria-label={label}
      value={text}
      onChange={(event) => onText(event.target.value)}
    />
  );
}
