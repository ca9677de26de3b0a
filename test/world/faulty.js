/** Loaded into a function: does what a faulty library might, when asked, and says what it takes. */

process.on('message', (what) => {
  if (what === 'usage') {
    const { user, system } = process.cpuUsage();
    process.send({ rssMb: process.memoryUsage().rss / 1e6, cpuMs: (user + system) / 1000 });
  }
  if (what === 'reject') void Promise.reject(new Error('a library forgot to catch'));
  if (what === 'throw')
    setImmediate(() => {
      throw new Error('a library threw in a callback');
    });
});
process.channel.unref();
