/** Whether FCM accepts our credentials, by its answer to a send with `validate_only`. */

import type { Outcome } from '../../model/outcome.ts';
import { fault, type Verdict, well } from '../../model/verdict.ts';
import { noAnswer, refusal } from '../shared/verdict.ts';

/** A refusal of the made-up token shows that the credentials were accepted. */
export function fcmVerdict(outcome: Outcome): Verdict {
  switch (outcome.kind) {
    case 'accepted':
      return well('it answers a send with validate_only');
    case 'rejected':
    case 'unregistered':
      return well(
        `it answers a send with validate_only, and refuses a made-up token as a token (${outcome.reason})`,
      );
    case 'blocked':
      return fault(refusal(outcome), adviceFor(outcome.reason));
    default:
      return noAnswer(outcome);
  }
}

function adviceFor(reason: string): string {
  if (reason === 'NOT_FOUND') return 'There is no such project: FCM_PROJECT_ID is its id.';
  if (/UNAUTHENTICATED|access token/.test(reason))
    return 'The credentials are not accepted: they must be a service account of Google Cloud.';
  return 'Is FCM_PROJECT_ID the Firebase project, its Cloud Messaging API on, and may this account send (cloudmessaging.messages.create)?';
}
