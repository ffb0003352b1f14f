/**
 * The tests that `npm test` runs, all but the long ones; TESTS=long runs those alone (`npm run test:long`), TESTS=all both. Long is what
 * took more than some 30 seconds by itself, together with what keeps it company in a file.
 */
const LONG = [
  'faults/*',
  'laws/*',
  'stories/bad-input',
  'stories/borders',
  'stories/bytes',
  'stories/ci-runner',
  'stories/disks',
  'stories/disks-as-sources',
  'stories/errno',
  'stories/escaped-names',
  'stories/fidelity*',
  'stories/filters',
  'stories/folding',
  'stories/guards',
  'stories/guards-*',
  'stories/jobs',
  'stories/links-as',
  'stories/locks',
  'stories/output',
  'stories/read-only',
  'stories/saved-plan',
  'stories/screen',
  'stories/signals',
].map((name) => `.build/test/${name}.test.js`);
const {TESTS} = process.env;
const trees = '.build/test/trees/**';

module.exports = {
  spec: TESTS === 'long' ? LONG : ['.build/test/**/*.test.js'],
  ignore: TESTS === undefined ? [trees, ...LONG] : [trees],
  require: ['.build/test/support/zone.js', '.build/test/support/bigints.js'],
  'node-option': ['enable-source-maps'],
  parallel: true,
  jobs: 3,
  timeout: 60_000,
  'forbid-only': true,
};
