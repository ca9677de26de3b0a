import { useAction } from '../api/action.ts';
import type { Answer } from '../api/client.ts';
import { texts } from '../texts/texts.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { ProblemNote } from './problem.tsx';

interface Props<T> {
  title: string;
  /** what it changes, and what it does not */
  text: string;
  /** the button that does it */
  action: string;
  call: () => Promise<Answer<T>>;
  done: (value: T) => unknown;
  onClose: () => void;
}

/** Asks before a call that cannot be taken back. */
export function Confirm<T>({ title, text, action, call, done, onClose }: Props<T>) {
  const { busy, problem, run } = useAction();
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="muted">{text}</p>
      {problem && <ProblemNote problem={problem} />}
      <div class="actions">
        <Button onClick={onClose}>{texts.parts.keep}</Button>
        <Button kind="danger" busy={busy} onClick={() => void run(call, done)}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
