/**
 * `npm test` runs the tests of the parts, and the stories that changes break most often. `npm run test:long` runs the rest
 * (TESTS=long), `npm run test:all` runs both (TESTS=all).
 */
const STORIES = [
  'config',
  'explain',
  'history',
  'init',
  'main-job',
  'narrow',
  'node-version',
  'problems',
  'review',
  'run',
  'terminal',
];
const LONG = ['examples/*', 'faults/*', 'laws/*', `stories/!(${STORIES.join('|')})`].map((name) => `.build/test/${name}.test.js`);
const {TESTS} = process.env;
const trees = '.build/test/trees/**';

module.exports = {
  spec: TESTS === 'long' ? LONG : ['.build/test/**/*.test.js'],
  ignore: TESTS === undefined ? [trees, ...LONG] : [trees],
  require: ['.build/test/support/environment.js', '.build/test/support/bigints.js'],
  'node-option': ['enable-source-maps'],
  parallel: true,
  jobs: 3,
  timeout: 60_000,
  'forbid-only': true,
};
