/** A process that redrives dead letters, and is killed when it is about to acknowledge the first one. */

import './patient.ts';
import { v1 } from '@google-cloud/pubsub';
import { createPubSubDeadLetters } from '../../functions/events/dead-letters.ts';

v1.SubscriberClient.prototype.acknowledge = () => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => {});
};

await createPubSubDeadLetters(JSON.parse(process.argv[2]!)).redrive();
