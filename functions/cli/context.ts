/** What a command has of the process and of the program around it. */

import type { Command } from 'commander';
import type { Ask } from './ask.ts';
import type { Client } from './client/client.ts';
import { connect, urlOf } from './connect.ts';
import { jsonText } from './format.ts';
import type { Output } from './progress.ts';

/** What the command line has of the process that it runs in. */
export interface Io {
  env: Record<string, string | undefined>;
  stdout: Output;
  stderr: Output;
  fetch?: typeof globalThis.fetch;
  /** asks a question; absent without a terminal */
  ask?: Ask;
}

export interface Context {
  io: Io;
  /** the API that the options name; throws `Usage` */
  client(): Client;
  /** the address of that API */
  url(): string;
  /** true with --json: one document on stdout, and no progress */
  isJson(): boolean;
  /** prints one document on stdout: as JSON with --json, as text otherwise */
  show(document: unknown, text: () => string): void;
  /** for progress, faults and hints; null with --json */
  hints(): Output | null;
  /** to stderr, with --json as well */
  say(text: string): void;
  /** the exit code of the program, unless it throws */
  exit(code: 0 | 1): void;
}

/** `program` has the options --url, --key and --json; they are read when a command runs. */
export function createContext(program: Command, io: Io, exit: (code: 0 | 1) => void): Context {
  const isJson = () => program.opts().json === true;
  return {
    io,
    client: () => connect(program.opts(), io.env, io.fetch),
    url: () => urlOf(program.opts(), io.env),
    isJson,
    show: (document, text) =>
      void io.stdout.write(isJson() ? `${jsonText(document)}\n` : `${text()}\n`),
    hints: () => (isJson() ? null : io.stderr),
    say: (text) => void io.stderr.write(text),
    exit,
  };
}
