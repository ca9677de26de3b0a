/** Imports a file of devices; or made-up ones, where the providers are simulated. */

import { useRef, useState } from 'preact/hooks';
import type { Imported } from '../../../http/installations/import.ts';
import { useAction } from '../../api/action.ts';
import { type Answer, api } from '../../api/client.ts';
import { count } from '../../format.ts';
import { Button } from '../../parts/button.tsx';
import { announce } from '../../parts/live-region.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { isSimulated, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { sampleDevices } from './sample-devices.ts';

const { begin } = texts.campaigns;
/** ms for an import: of many thousand rows, over a slow line. */
const IMPORT_MS = 60 * 60 * 1000;
const MOST_FAULTS = 5;

export function ImportDevices({ onDone }: { onDone: () => void }) {
  const { busy, problem, run } = useAction();
  const [imported, setImported] = useState<Imported | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const why = whyNot('installations');

  const send = (body: Blob, type: string) =>
    run(
      (): Promise<Answer<Imported>> =>
        api.post('/v1/installations:import', body, {
          headers: { 'Content-Type': type },
          timeoutMs: IMPORT_MS,
        }),
      (it) => {
        setImported(it);
        announce(begin.imported(count(it.stored), it.rejected));
        if (it.stored > 0) onDone();
      },
    );

  return (
    <>
      <div class="row">
        <input
          ref={file}
          type="file"
          hidden
          aria-label={begin.file}
          accept=".csv,.tsv,.ndjson,.jsonl"
          onChange={({ currentTarget }) => {
            const [chosen] = currentTarget.files ?? [];
            if (chosen) void send(chosen, typeOf(chosen.name));
            currentTarget.value = '';
          }}
        />
        <Button kind="primary" busy={busy} whyNot={why} onClick={() => file.current?.click()}>
          {busy ? begin.importing : begin.file}
        </Button>
        {isSimulated.value && (
          <Button
            busy={busy}
            whyNot={why}
            onClick={() => void sampleDevices().then((it) => send(it, 'text/csv'))}
          >
            {begin.sample}
          </Button>
        )}
      </div>
      {problem && <ProblemNote problem={problem} />}
      {imported && imported.rejected > 0 && (
        <div class="note warn">
          <p>{begin.imported(count(imported.stored), imported.rejected)}</p>
          <ul>
            {imported.faults.slice(0, MOST_FAULTS).map(({ line, message }) => (
              <li key={line}>{begin.line(line, message)}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function typeOf(name: string): string {
  if (/\.(ndjson|jsonl)$/i.test(name)) return 'application/x-ndjson';
  return /\.tsv$/i.test(name) ? 'text/tab-separated-values' : 'text/csv';
}
