/**
 * Writes tables.ts from CLDR, which keeps IANA's names of time zones too. After an update of
 * `cldr-core` and `cldr-bcp47` (the same version):
 *
 *     npx node functions/model/canonical/generate.ts
 *
 * Then the data of both engines is brought into canonical form again: SQLite's at its next start,
 * Google's by `volley installations normalize`.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const read = (name: string) =>
  JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(name)), 'utf8'));

interface Zone {
  /** names of one zone, separated by spaces, CLDR's own first */
  _alias?: string;
  /** IANA's current name, where CLDR's is older */
  _iana?: string;
}

/** The names that stand for one thing, the current one first. */
type Names = readonly string[];

/**
 * The names of each zone.
 * https://www.unicode.org/reports/tr35/#Time_Zone_Identifiers
 */
function zones(): Names[] {
  const { tz } = read('cldr-bcp47/bcp47/timezone.json').keyword.u;
  const names = Object.entries(tz as Record<string, Zone>).flatMap(([key, it]) => {
    // unk stands for no zone; deprecated zones have no names
    if (key.startsWith('_') || key === 'unk' || it._alias === undefined) return [];
    const known = it._alias.split(' ');
    const current = it._iana ?? known[0]!;
    return [[current, ...known.filter((name) => name !== current)]];
  });
  return names.sort();
}

/** Withdrawn codes that have one successor: UK is GB. */
function countries(): [string, string][] {
  const { territoryAlias } = read('cldr-core/supplemental/aliases.json').supplemental.metadata
    .alias;
  return Object.entries(territoryAlias as Record<string, { _replacement: string }>)
    .map(([code, it]): [string, string] => [code, it._replacement])
    .filter((it) => it.every((code) => /^[A-Z]{2}$/.test(code)));
}

/** Parents of languages, without `und`: nothing is inherited from it. */
function languageParents(key: (tag: string) => string): [string, string][] {
  const { parentLocale } = read('cldr-core/supplemental/parentLocales.json').supplemental
    .parentLocales;
  return Object.entries(parentLocale as Record<string, string>)
    .filter(([, parent]) => parent !== 'und')
    .map(([tag, parent]): [string, string] => [key(tag), key(parent)]);
}

/** Pairs of names of one language, such as nb and no: CLDR gives them the least distance. */
function sameLanguages(): [string, string][] {
  const { languageMatch } = read('cldr-core/supplemental/languageMatching.json').supplemental
    .languageMatching['written-new'];
  type Match = {
    _desired: string;
    _supported: string;
    _distance: number | string;
    _oneway?: unknown;
  };
  return (languageMatch as Match[])
    .filter((it) => Number(it._distance) === 1 && it._oneway === undefined)
    .map((it) => [it._desired, it._supported]);
}

/** Columns of a line in tables.ts. */
const WIDTH = 98;

/** A table as text, for `entriesOf`: entries end with a semicolon, names are separated by spaces. */
function table(name: string, entries: readonly Names[]): string {
  const lines = [''];
  for (const it of entries.map((names) => `${names.join(' ')};`)) {
    const line = `${lines.at(-1)} ${it}`.trim();
    if (line.length <= WIDTH) lines[lines.length - 1] = line;
    else lines.push(it);
  }
  return `export const ${name} = \`\n${lines.join('\n')}\n\`;\n`;
}

/** The text of tables.ts; `key` is `languageKey`. */
export function tablesOf(key: (tag: string) => string): string {
  const { version } = read('cldr-core/package.json');
  return [
    `/** CLDR ${version}, as generate.ts has written it. © Unicode, Inc.; https://www.unicode.org/license.txt */\n`,
    table('countries', countries()),
    table('sameLanguages', sameLanguages()),
    table('languageParents', languageParents(key)),
    table('zones', zones()),
  ].join('\n');
}

if (import.meta.main) {
  const path = fileURLToPath(new URL('tables.ts', import.meta.url));
  // language.ts reads tables.ts, which must exist before it is imported
  writeFileSync(
    path,
    tablesOf((tag) => tag),
  );
  const { languageKey } = await import('./language.ts');
  writeFileSync(path, tablesOf(languageKey));
}
