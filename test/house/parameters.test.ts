/**
 * Time, chance and the environment come from outside: a function takes them as parameters, with the
 * real ones as defaults in its signature. So a test can set them, and a reader sees who uses them.
 */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { type AnyNode, parse } from 'acorn';

type Found = { file: string; line: number; what: string };

/** Reads of the clock or of chance, and of the process's environment, outside of default values. */
function readsIn(file: string): Found[] {
  const code = stripTypeScriptTypes(readFileSync(file, 'utf8'));
  const program = parse(code, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowHashBang: true,
    locations: true,
  });
  const found: Found[] = [];
  const visit = (node: AnyNode, inDefault: boolean) => {
    const what = inDefault ? null : readOf(node);
    if (what !== null) found.push({ file, line: node.loc!.start.line, what });
    for (const [key, child] of Object.entries(node)) {
      const within = inDefault || (node.type === 'AssignmentPattern' && key === 'right');
      for (const it of Array.isArray(child) ? child : [child])
        if (typeof it?.type === 'string') visit(it, within);
    }
  };
  visit(program, false);
  return found;
}

const members = ['Date.now', 'performance.now', 'Math.random', 'process.env'];

function readOf(node: AnyNode): string | null {
  if (node.type === 'MemberExpression') {
    const { object, property } = node;
    if (object.type === 'MemberExpression' && readOf(object) === 'process.env')
      return 'a variable of process.env';
    if (object.type !== 'Identifier' || property.type !== 'Identifier') return null;
    const name = `${object.name}.${property.name}`;
    return members.includes(name) ? name : null;
  }
  if (node.type === 'NewExpression' && node.arguments.length === 0)
    return node.callee.type === 'Identifier' && node.callee.name === 'Date' ? 'new Date()' : null;
  if (node.type === 'ImportDeclaration')
    return /^(?:node:)?process$/.test(String(node.source.value)) ? 'process.env' : null;
  if (node.type !== 'VariableDeclarator' || node.id.type !== 'ObjectPattern') return null;
  const from = node.init?.type === 'Identifier' ? node.init.name : '';
  const names = node.id.properties.map((it) =>
    it.type === 'Property' && it.key.type === 'Identifier' ? `${from}.${it.key.name}` : '',
  );
  return names.find((it) => members.includes(it)) ?? null;
}

const found = globSync('{functions,clients/*/src}/**/*.ts').sort().flatMap(readsIn);
const text = ({ file, line, what }: Found) => `${file}:${line} ${what}`;

/** Where a process begins: they hand over the real clock, chance and environment. */
const beginnings = [
  'functions/cli/main.ts',
  'functions/index.ts',
  'functions/local/server/main.ts',
  'functions/local/google/main.ts',
];

const isEnvironment = ({ what }: Found) => what.includes('process.env');

test('time and chance are parameters', () => {
  const clocks = found.filter((it) => !isEnvironment(it) && !beginnings.includes(it.file));
  assert.deepEqual(clocks.map(text), []);
});

test('what begins a process hands its environment over whole; config/ reads the variables', () => {
  const reads = found.filter(
    (it) => isEnvironment(it) && (it.what !== 'process.env' || !beginnings.includes(it.file)),
  );
  assert.deepEqual(reads.map(text), []);
});
