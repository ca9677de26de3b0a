import { queueContract } from '../contracts/queue.ts';
import { makeCloudTasks } from './cloud-tasks-harness.ts';

queueContract('cloud tasks', async (t) => makeCloudTasks(t));
