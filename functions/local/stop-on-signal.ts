/** Runs `stop` on Ctrl-C or SIGTERM, then exits. A second signal exits without waiting; no work is lost. */
export function stopOnSignal(stop: () => Promise<void>) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      process.once(signal, () => process.exit(1));
      console.error(`${signal}: handing back what is being sent`);
      stop().then(
        () => process.exit(0),
        (error) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
}
