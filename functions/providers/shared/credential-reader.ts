/** Reads what credentials are made of: texts, files, origins. Each fault is noted where it stands. */

import type { Fault } from '../../lib/errors.ts';

export type ReadFile = (path: string) => string | Buffer;

export interface CredentialReader {
  /** Notes a fault; the first one of a field is kept. */
  fault(where: string, message: string): void;
  /** The file's bytes. `hint`: what to do if it cannot be read. Null: a fault was noted. */
  loadBytes(path: string, where: string, hint: string): Buffer | null;
  load(path: string, where: string, hint: string): string | null;
  /** Undefined: a fault was noted. */
  json(text: string, where: string): unknown;
  /** Null where there is none, or a fault was noted. */
  origin(text: string | undefined, where: string): string | null;
}

export function createCredentialReader(faults: Fault[], readFile: ReadFile): CredentialReader {
  const fault = (path: string, message: string) => {
    if (!faults.some((it) => it.path === path)) faults.push({ path, message });
  };

  const loadBytes = (path: string, where: string, hint: string): Buffer | null => {
    try {
      return Buffer.from(readFile(path));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      fault(where, `the file cannot be read (${code}); ${hint}`);
      return null;
    }
  };

  const load = (path: string, where: string, hint: string): string | null =>
    loadBytes(path, where, hint)?.toString() ?? null;

  const json = (text: string, where: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      fault(where, 'the file is not JSON; check that it was copied whole');
      return undefined;
    }
  };

  const origin = (text: string | undefined, where: string): string | null => {
    if (text === undefined) return null;
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url?.protocol === 'https:' && url.pathname === '/' && !url.search && !url.username)
      return url.origin;
    fault(where, 'must be an origin such as https://127.0.0.1:8443, without a path');
    return null;
  };

  return { fault, loadBytes, load, json, origin };
}
