/**
 * What the simulation assumes of the platform and of the providers. Where no page gives a number it is one
 * that others have measured, rounded up; none was measured on a deployment of Volley.
 */

export const figures = {
  cloudRun: {
    /**
     * From a request that finds no instance to its first work, ms: a second for the container, and the
     * 0.6 to 0.74 s of CPU that our functions take until then (docs/operations.md, "Cold starts and
     * memory") at the speed of a vCPU.
     */
    coldMs: 2_000,
    /** a start takes so much more or less, as a share of it */
    coldSpread: 0.25,
    /**
     * A vCPU, as a share of a core of the machine that `test/bench/README.md` was measured on: it is a
     * thread of a core that two share. https://cloud.google.com/compute/docs/cpu-platforms
     */
    vCpu: 0.5,
  },
  cloudTasks: {
    /**
     * To create a task, and a batch of up to 100, ms. A named task takes longer than one without a name.
     * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create
     */
    createMs: 100,
    /** from when a task may be dispatched until its handler has it, ms */
    dispatchMs: 100,
  },
  firestore: {
    /** one document, or some at a time, ms */
    readMs: 25,
    /** a commit; a transaction is a read and a commit, ms */
    commitMs: 50,
    /** for a megabyte that is read or written, besides, ms */
    megabyteMs: 150,
    /** a count of at most 20,000 entries of an index, ms */
    countMs: 100,
    /** documents a second of a query by one planner: 18,000 were measured (test/bench/README.md) */
    documentsPerSecond: 15_000,
  },
  apns: {
    /** until the answer to a push, ms */
    answerMs: 80,
    /** 500, 1,000 and 1,500 have been seen; a single one until the first answer */
    streams: 1_000,
    streamsAtFirst: 1,
  },
  fcm: { answerMs: 80, streams: 100, streamsAtFirst: 100 },
  /** TCP and TLS 1.3 are three ways to the provider and back before the first request, ms */
  connectMs: 120,
  /** of one core of that machine */
  cpu: {
    /** pushes a second: `npm run bench -- senders` */
    pushesPerSecond: { apns: 190_000, fcm: 165_000 },
    /** a chunk's claim and commit, ms */
    chunkMs: 8,
    /** installations planned a second: matched, frozen and queued (`npm run bench -- campaign`) */
    plannedPerSecond: 100_000,
  },
  /** bytes, of a token and an id, compressed: in a page of the registry, and in a chunk */
  rowBytes: { apns: 71, fcm: 160 },
} as const;
