/** mocha's spec report, and at its end the skipped tests once more: what a machine could not prove should not scroll away. */
const {
  Runner: {constants},
  reporters: {Base, Spec},
} = require('mocha');

module.exports = class extends Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on(constants.EVENT_TEST_PENDING, (test) => skipped.push(test.titlePath().join(': ')));
    runner.once(constants.EVENT_RUN_END, () => {
      if (skipped.length > 0) Base.consoleLog(`  Skipped:${skipped.map((title) => `\n  - ${title}`).join('')}\n`);
    });
  }
};
