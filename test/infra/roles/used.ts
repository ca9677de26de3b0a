/** The roles of Google's and the single permissions that infra/ and these tests name. */

import { readdirSync, readFileSync } from 'node:fs';
import { accounts, changes, reads } from './needs.ts';

const text = (file: string) => readFileSync(`infra/${file}`, 'utf8').replace(/^\s*#.*$/gm, '');
const files = () => readdirSync('infra').filter((it) => /\.(tf|sh)$/.test(it));
const sorted = (them: Iterable<string>) => [...new Set(them)].sort();

/** `roles/…`, but those in comments and the beginnings of our own (`projects/P/roles/`). */
export const rolesInUse = (): string[] =>
  sorted(
    files().flatMap((file) =>
      Array.from(text(file).matchAll(/(?<![\w/])roles\/[a-z]\w*(?:\.\w+)?/g), ([it]) => it),
    ),
  );

/** The permissions of our own roles, and those that tests check for any account. */
export const permissionsInUse = (): string[] =>
  sorted([
    ...files().flatMap((file) =>
      Array.from(text(file).matchAll(/"([a-z]+\.[A-Za-z]+\.[A-Za-z]+)"/g), ([, it]) => it!),
    ),
    ...Object.values(reads).flat(),
    ...Object.values(changes).flat(),
    ...Object.values(accounts).flatMap((it) => Object.values(it).flat()),
  ]).filter((it) => !/\.(com|app)$/.test(it));
