/**
 * Every regular expression in the source takes time linear in the text: none has two repetitions side
 * by side that match the same character, nor one at its beginning that is tried again from each place
 * within its own match.
 *
 * scslre does the analysis; eslint-plugin-regexp stands on it too. Not safe-regex2, which only looks how
 * deep stars are nested: the pattern below that took half a minute has none within another.
 */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { parse, tokTypes } from 'acorn';
import { analyse } from 'scslre';

/** Why it takes more than linear time; empty if it does not. */
function faultsOf(source: string, flags: string): string[] {
  const { reports } = analyse({ source, flags }, { reportTypes: { Move: true }, maxReports: 10 });
  return reports.map((it) =>
    it.type === 'Trade'
      ? `${it.startQuant.raw} and ${it.endQuant.raw} match the same character`
      : `${it.quant.raw} is tried from each place within its own match`,
  );
}

/** Built from constants, so that no literal can be looked at: the pattern that comes of it. */
const built: Record<string, RegExp[]> = {
  'functions/cli/commands/import/column-types.ts': [/^(?:bigint|int\d)$/],
  'functions/model/schemas/audience.ts': [/^[\w.~%-]{1,900}$/],
  'functions/model/ping-template.ts': [/^message\.(?:apns|fcm)\./],
  'functions/model/audience/condition.ts': [/'[\w.~%-]{1,900}' +in +topics|&&|\|\||!? *\(|\)/y],
};

test('no regular expression of the source takes more than linear time', () => {
  const found: string[] = [];
  const builders = new Set<string>();
  let looked = 0;
  const look = (where: string, { source, flags }: Pick<RegExp, 'source' | 'flags'>) => {
    looked += 1;
    for (const fault of faultsOf(source, flags)) found.push(`${where} /${source}/: ${fault}`);
  };
  for (const file of globSync('{functions,infra}/**/*.ts')) {
    const code = stripTypeScriptTypes(readFileSync(file, 'utf8'));
    parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowHashBang: true,
      locations: true,
      onToken(token) {
        const { type, value, loc } = token as typeof token & { value: unknown };
        if (type === tokTypes.name && value === 'RegExp') builders.add(file);
        if (type !== tokTypes.regexp) return;
        const { pattern, flags } = value as { pattern: string; flags: string };
        look(`${file}:${loc?.start.line}`, { source: pattern, flags });
      },
    });
  }
  for (const [file, patterns] of Object.entries(built)) for (const it of patterns) look(file, it);
  assert.ok(looked > 150, `${looked} were found`);
  assert.deepEqual(found, []);
  assert.deepEqual([...builders].toSorted(), Object.keys(built).toSorted());
});

test('the analysis finds what once blocked a process', () => {
  for (const { source, flags } of [
    /\{\{ *([\w.-]{1,64}) *(?:\| *([^{}]*?) *)?\}\}/g,
    /\s+$/,
    /^\s*\s*x/,
    /(?:a+)+b/,
  ])
    assert.notDeepEqual(faultsOf(source, flags), [], source);
});
