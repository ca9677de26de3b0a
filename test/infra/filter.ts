/**
 * The part of Cloud Logging's query language that infra/ uses: comparisons with `=`, `:` and `>=`, all
 * of them to hold. Anything else throws. https://cloud.google.com/logging/docs/view/logging-query-language
 */

// biome-ignore lint/suspicious/noExplicitAny: an entry's payload is any JSON
export type Entry = any;

const severities = ['DEFAULT', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL'];

/** A function's log line as Cloud Run passes it on: a JSON object without its `severity`. */
export function entryOf(service: string, line: string): Entry {
  const { severity = 'DEFAULT', time, ...rest } = JSON.parse(line);
  const resource = { type: 'cloud_run_revision', labels: { service_name: service } };
  const common = { resource, severity, timestamp: time };
  // a message alone is text
  return Object.keys(rest).join() === 'message'
    ? { ...common, textPayload: rest.message }
    : { ...common, jsonPayload: rest };
}

/** Throws on syntax that it does not know. */
export function matcher(filter: string): (entry: Entry) => boolean {
  const tests = filter.split(/\s+AND\s+/).map((text) => {
    const [, path, operator, value] =
      /^([\w.]+)(>=|=|:)("(?:[^"\\]|\\.)*"|[\w*]+)$/.exec(text) ?? [];
    if (!path) throw new Error(`not a comparison that is known: ${text}`);
    return comparison(path, operator!, value!);
  });
  return (entry) => tests.every((it) => it(entry));
}

function comparison(path: string, operator: string, text: string): (entry: Entry) => boolean {
  const value = text.startsWith('"') ? JSON.parse(text) : text;
  // an absent field matches nothing
  const of = (entry: Entry) => path.split('.').reduce((it, key) => it?.[key], entry);
  if (operator === '>=') {
    if (path !== 'severity' || !severities.includes(value)) throw new Error(`>= of ${path}`);
    return (entry) => severities.indexOf(of(entry)) >= severities.indexOf(value);
  }
  if (operator === '=') return (entry) => of(entry) !== undefined && String(of(entry)) === value;
  if (value === '*') return (entry) => of(entry) !== undefined;
  return (entry) => String(of(entry) ?? '').includes(value);
}
