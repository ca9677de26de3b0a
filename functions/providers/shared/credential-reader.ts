/** Reads the parts of credentials: texts, files, origins. Notes each fault with its place. */

import type { Fault } from '../../lib/errors.ts';

export type ReadFile = (path: string) => string | Buffer;

export interface CredentialReader {
  /** Notes a fault. Only the first fault of a field is kept. */
  fault(where: string, message: string): void;
  /** The file's bytes, or null if a fault was noted. `hint` says what to do if it cannot be read. */
  loadBytes(path: string, where: string, hint: string): Buffer | null;
  /** The file's text; otherwise as `loadBytes`. */
  load(path: string, where: string, hint: string): string | null;
  /** The value, or undefined if a fault was noted. */
  json(text: string, where: string): unknown;
  /** The origin of a URL, or null if `text` is undefined or a fault was noted. */
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
