/** Saves an answer of the API as a file. A link could not: it sends neither Accept nor Authorization. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { open, type Problem } from '../../api/client.ts';
import { Button } from '../../parts/button.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { whyNot } from '../../session/session.ts';

interface Props {
  path: string;
  type: string;
  name: string;
  children: ComponentChildren;
}

/** ms for the whole file */
const DOWNLOAD_MS = 60 * 60 * 1000;
/** ms until the file's memory is given back: the browser has begun to save it by then. */
const KEPT_MS = 60_000;

export function Download({ path, type, name, children }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function save() {
    setBusy(true);
    const opened = await open('GET', path, { headers: { Accept: type }, timeoutMs: DOWNLOAD_MS });
    setProblem(opened.ok ? null : opened.problem);
    if (opened.ok) {
      const url = URL.createObjectURL(await opened.response.blob());
      const link = document.createElement('a');
      link.href = url;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
    }
    setBusy(false);
  }

  return (
    <>
      <Button busy={busy} whyNot={whyNot('read')} onClick={() => void save()}>
        {children}
      </Button>
      {problem && <ProblemNote problem={problem} />}
    </>
  );
}
