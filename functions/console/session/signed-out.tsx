import { Button } from '../parts/button.tsx';
import { ProblemNote } from '../parts/problem.tsx';
import { texts } from '../texts/texts.ts';
import { signInKind, signInProblem } from './session.ts';

export function SignedOut() {
  const problem = signInProblem.value;
  const kind = signInKind();
  return (
    <main id="main" class="signed-out">
      <h1>{texts.session.out}</h1>
      {kind.kind === 'code' ? (
        <>
          <p>{texts.session.outMore}</p>
          <pre>
            <code>{texts.session.command}</code>
          </pre>
        </>
      ) : (
        <Button
          kind="primary"
          onClick={() => void import('./google.ts').then((it) => it.begin(kind))}
        >
          {texts.session.google}
        </Button>
      )}
      {problem && <ProblemNote problem={problem} />}
    </main>
  );
}
