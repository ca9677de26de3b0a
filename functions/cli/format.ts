/** Text for a terminal of 80 columns. */

export const COLUMNS = 80;

/** Broken at spaces, all lines but the first indented. What has no space stays in one piece. */
export function fold(text: string, indent: number): string {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > COLUMNS) {
    const before = rest.lastIndexOf(' ', COLUMNS);
    const cut = before > indent ? before : rest.indexOf(' ', COLUMNS);
    if (cut === -1) break;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = ' '.repeat(indent) + rest.slice(cut + 1);
  }
  return [...lines, rest].join('\n');
}

/** One line, whatever is in it. */
export const clip = (line: string) =>
  line.length <= COLUMNS ? line : `${line.slice(0, COLUMNS - 1)}…`;
