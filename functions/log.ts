/**
 * The log: one JSON object a line, as Cloud Logging reads it from stderr, or short lines for a
 * terminal. All output passes through `redact`, since errors quote their input.
 */

import { redact } from './lib/redact.ts';
import type { Log } from './ports/ports.ts';

type Severity = 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR';
type Fields = Record<string, unknown>;
type Write = (severity: Severity, message: string, fields: Fields) => void;

/** For Cloud Logging: `severity`, `message`, `time`, the fields; `stack_trace` for an error. */
export function createLog(
  write: (line: string) => unknown = (line) => process.stderr.write(line),
  now: () => number = Date.now,
): Log {
  return log((severity, message, fields) => {
    const entry = { severity, message, time: new Date(now()).toISOString(), ...plain(fields) };
    write(`${JSON.stringify(entry, (_, it) => (typeof it === 'string' ? redact(it) : it))}\n`);
  });
}

/** For a terminal: the time, the message, `field=value`. Lines for statistics (DEBUG) are left out. */
export function createTerminalLog(
  write: (line: string) => unknown = (line) => process.stderr.write(line),
  now: () => number = Date.now,
): Log {
  return log((severity, message, fields) => {
    if (severity === 'DEBUG') return;
    const { stack_trace: stack, ...rest } = plain(fields);
    const words = Object.entries(rest).map(([name, value]) => `${name}=${brief(value)}`);
    const time = new Date(now()).toTimeString().slice(0, 8);
    const mark = severity === 'ERROR' ? '✗ ' : severity === 'WARNING' ? '! ' : '';
    const line = redact([`${time} ${mark}${message}`, ...words].join('  '));
    write(`${line}\n${stack ? `${redact(String(stack))}\n` : ''}`);
  });
}

const brief = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : `${value}`);

/** Replaces an error by its message and stack, with its causes; other fields stay. */
function plain({ error, ...fields }: Fields): Fields {
  if (error === undefined) return fields;
  if (!(error instanceof Error)) return { ...fields, error: String(error) };
  let stack = error.stack ?? error.message;
  for (let it = error.cause, depth = 0; it instanceof Error && depth < 5; it = it.cause, depth++)
    stack += `\ncaused by ${it.stack ?? it.message}`;
  return { ...fields, error: error.message, stack_trace: stack };
}

const log = (record: Write): Log => ({
  appPolicyChanged: (it) => record('NOTICE', 'app policy changed', { ...it }),
  campaignAccepted: (it) => record('INFO', 'campaign accepted', { ...it }),
  campaignPlanned: (it) => record('INFO', 'campaign planned', { ...it }),
  campaignPaused: (it) => record('WARNING', 'campaign paused', { ...it }),
  campaignClosed: (it) => record('NOTICE', 'campaign closed', { ...it }),
  audienceUnread: (it) => record('ERROR', 'audience not read whole', { ...it }),
  pagesDiffer: (it) => record('ERROR', 'registry pages differ from documents', { ...it }),
  // infra/metrics/ counts these two lines
  chunkRecorded: (it) => record('DEBUG', 'chunk recorded', { ...it }),
  recipientsFailed: (it) => record('DEBUG', 'recipients failed', { ...it }),
  chunkFenced: (it) => record('WARNING', 'chunk fenced', { ...it }),
  redriven: (it) => record('NOTICE', 'work driven again', { ...it }),
  apnsKeyRefused: (it) => record('WARNING', 'APNs refused a key', { ...it }),
  webhookDisabled: (it) => record('WARNING', 'webhook disabled', { ...it }),
  runRefused: (it) => record('ERROR', 'run refused', { ...it }),
  pingFailed: (it) => record('WARNING', 'ping failed', { ...it }),
  callRefused: (it) => record('WARNING', 'call refused', { ...it }),
  taskFailed: (it) => record('ERROR', 'task failed', { ...it }),
  drained: (it) => record(it.abandoned > 0 ? 'WARNING' : 'INFO', 'instance drained', { ...it }),
  unexpected: (it) => record('ERROR', 'unexpected', { ...it }),
});
