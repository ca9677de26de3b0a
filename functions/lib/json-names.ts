/** Names that a JSON object gives twice. `JSON.parse` would take the last of them unnoticed. */

interface Open {
  /** of an object: its names so far; null: an array */
  names: Set<string> | null;
  /** the name or the index of the value that is being read */
  at: string | number;
}

/**
 * Calls `found` for each such name, with its path such as `message.title`. `text` is valid JSON; it is read
 * once. Names that differ only in their escapes are the same.
 */
export function findRepeatedNames(text: string, found: (path: () => string) => void) {
  const open: Open[] = [];
  let last = '';
  for (let at = 0; at < text.length; at++) {
    const inner = open.at(-1);
    switch (text[at]) {
      case '"': {
        const end = endOfText(text, at);
        last = text.slice(at, end + 1);
        at = end;
        break;
      }
      case ':': {
        const name: string = last.includes('\\') ? JSON.parse(last) : last.slice(1, -1);
        inner!.at = name;
        if (inner!.names!.has(name)) found(() => pathOf(open));
        inner!.names!.add(name);
        break;
      }
      case ',':
        if (typeof inner!.at === 'number') inner!.at += 1;
        break;
      case '{':
        open.push({ names: new Set(), at: '' });
        break;
      case '[':
        open.push({ names: null, at: 0 });
        break;
      case '}':
      case ']':
        open.pop();
        break;
    }
  }
}

/** Where the text that begins at `from` has its closing quote. */
function endOfText(json: string, from: number): number {
  let at = from + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}

const pathOf = (open: Open[]) =>
  open.reduce(
    (path, { at }) =>
      typeof at === 'number' ? `${path}[${at}]` : path === '' ? at : `${path}.${at}`,
    '',
  );
