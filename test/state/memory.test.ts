import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {RelPath} from '../../src/core/path.js';
import {isReversed, type RunFacts, recall, remember} from '../../src/state/memory.js';
import {call} from '../support/shell.js';
import {tempDirs} from '../support/temp.js';

const PAIR = {source: '/source', target: '/target'};
const FACTS: RunFacts = {
  id: 'id-1',
  fileSystem: 'ext4 12ab',
  filters: {lines: ['*.tmp'], rules: [['a' as RelPath, '*.bak\n']], tagged: [['b' as RelPath, '.nobackup']]},
  mounts: {
    source: [{at: 'photos' as RelPath, now: 'xfs 34cd'}],
    target: [{at: 'photos' as RelPath, now: ''}],
  },
  anew: false,
};
/** Of a run that saw nothing inside of the trees. */
const NONE = {source: [], target: []};

const RECALLED = {
  ids: ['id-1'],
  fileSystems: ['ext4 12ab'],
  filters: FACTS.filters,
  mounts: {source: [{at: 'photos', fileSystems: ['xfs 34cd']}], target: [{at: 'photos', fileSystems: ['']}]},
};
const NOTHING = {ids: [], fileSystems: [], filters: undefined, mounts: NONE};

describe('state/memory', () => {
  const temp = tempDirs();
  const {HOME, XDG_STATE_HOME, SUDO_UID} = process.env;
  let home: string;

  beforeEach(() => {
    home = temp();
    process.env.XDG_STATE_HOME = home;
  });
  afterEach(() => {
    for (const [name, value] of Object.entries({HOME, XDG_STATE_HOME, SUDO_UID})) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  const folder = () => path.join(home, 'dirsync/targets');
  const names = () => fs.readdirSync(folder());
  /** The one note that is there. */
  const note = () => path.join(folder(), names().find((name) => name.endsWith('.json')) as string);
  const written = () => {
    remember(PAIR, FACTS);
    return note();
  };

  it('recalls what was remembered in a private file, and leaves nothing else', () => {
    const file = written();
    expect(recall(PAIR)).to.deep.equal(RECALLED);
    expect([file, folder()].map((at) => fs.statSync(at).mode & 0o777)).to.deep.equal([0o600, 0o700]);
    expect(names()).to.have.length(1);
  });

  it('recalls nothing at first, and creates nothing by reading', () => {
    expect(recall(PAIR)).to.deep.equal(NOTHING);
    expect(fs.readdirSync(home)).to.deep.equal([]);
  });

  it('keeps the facts of other sources, and filters that a run does not give', () => {
    written();
    const other = {...PAIR, source: '/other'};
    remember(other, {...FACTS, id: 'id-2', fileSystem: 'tmpfs', filters: undefined, mounts: NONE});
    remember(PAIR, {...FACTS, id: undefined, fileSystem: 'ext4', filters: undefined, mounts: NONE});
    expect(recall(PAIR)).to.deep.equal({...RECALLED, ids: ['id-2', 'id-1']});
    expect(recall(other)).to.deep.include({fileSystems: ['tmpfs'], mounts: {...RECALLED.mounts, source: []}});
  });

  it('adds the current mounts to the earlier ones, and keeps paths that were not checked', () => {
    written();
    const at = (path: string, now: string) => ({at: path as RelPath, now});
    remember(PAIR, {...FACTS, mounts: {source: [at('b', 'tmpfs'), at('photos', 'tmpfs')], target: [at('photos', 'xfs 34cd')]}});
    expect(recall(PAIR).mounts).to.deep.equal({
      source: [
        {at: 'b', fileSystems: ['tmpfs']},
        {at: 'photos', fileSystems: ['tmpfs', 'xfs 34cd']},
      ],
      target: [{at: 'photos', fileSystems: ['xfs 34cd', '']}],
    });
  });

  it('keeps no more mounts than it can read, those of the last run first', () => {
    const many = (from: string) =>
      Array.from({length: 3000}, (_, i) => ({at: `${from}/${i}` as RelPath, now: 'ext4 0123456789abcdef'}));
    remember(PAIR, {...FACTS, mounts: {source: many('old'), target: []}});
    remember(PAIR, {...FACTS, mounts: {source: many('new').slice(0, 1000), target: []}});
    const {source} = recall(PAIR).mounts;
    expect(source.filter(({at}) => at.startsWith('new/'))).to.have.length(1000);
    expect(source).to.have.length.within(1001, 3999);
  });

  describe('the opposite direction', () => {
    const back = {source: '/target', target: '/source'};
    for (const [title, reversed, id, pair] of [
      ['by the id of the source', true, 'id-1', {...back, source: '/mnt/target'}],
      ['by the path of a source without an id', true, undefined, back],
      ['not with another id: another disk has come to the path', false, 'id-2', back],
      ['not to another target', false, 'id-1', {...back, target: '/other'}],
      ['not by another path without an id', false, undefined, {...back, source: '/other'}],
      ['not this way', false, undefined, PAIR],
    ] as const) {
      it(`is known ${title}`, () => {
        written();
        expect(isReversed(pair, id)).to.equal(reversed);
      });
    }

    it('is not reported after a run in this direction', () => {
      written();
      remember(back, FACTS);
      expect([isReversed(back, 'id-1'), isReversed(PAIR, undefined)]).to.deep.equal([false, false]);
    });

    it('is searched only in valid files', () => {
      fs.writeFileSync(path.join(path.dirname(written()), 'cut.json'), '{');
      expect(isReversed(back, 'id-1')).to.equal(true);
    });
  });

  it('passes over keys of a later version', () => {
    const file = written();
    const json = JSON.parse(fs.readFileSync(file, 'utf8'));
    fs.writeFileSync(file, JSON.stringify({...json, later: 1, sources: [{...json.sources[0], later: 1}]}));
    expect(recall(PAIR)).to.deep.equal(RECALLED);
  });

  describe('an invalid file', () => {
    const source = {source: '/source', fileSystems: []};
    const json = (fields: object) => JSON.stringify({target: '/target', ids: [], sources: [], ...fields});
    const contents: Record<string, readonly [content: string, why: string]> = {
      'an empty file': ['', 'it is empty'],
      'a torn one': ['{"target":"/target","ids":["i', 'it is not valid JSON, or it is cut off'],
      'nested too deep': [`${'['.repeat(300_000)}`, 'it is not valid JSON, or it is cut off'],
      null: ['null', 'it is null, not an object'],
      'a list': ['[]', 'it is a list, not an object'],
      'no fields': ['{}', 'its target is missing'],
      'of another target': [json({target: '/other'}), 'its target is "/other", not the one in its file name'],
      'no ids': [json({ids: undefined}), 'ids is missing'],
      'ids that are numbers': [json({ids: [1]}), 'ids is 1, not a string'],
      'sources that are none': [json({sources: {}}), 'sources is an object, not a list'],
      'a source that is none': [json({sources: [7]}), 'sources is 7, not an object'],
      'a source without file systems': [json({sources: [{source: '/source'}]}), 'sources.fileSystems is missing'],
      'filters that are none': [json({sources: [{...source, filters: []}]}), 'sources.filters is a list, not an object'],
      'rules that are none': [
        json({sources: [{...source, filters: {lines: [], rules: [['a']]}}]}),
        'sources.filters.rules is a list, not a path and a string',
      ],
    };
    const expectUnread = (file: string, why: string) => {
      expect(recall(PAIR)).to.deep.equal({...NOTHING, unread: {file, why}});
      expect(() => remember(PAIR, FACTS), 'it is not replaced unasked').to.throw();
      expect(names()).to.have.length(1);
    };
    const expectAnew = () => {
      remember(PAIR, {...FACTS, anew: true});
      expect(recall(PAIR)).to.deep.equal(RECALLED);
      expect(names()).to.have.length(1);
    };
    for (const [title, [content, why]] of Object.entries(contents)) {
      it(title, () => {
        const file = written();
        fs.writeFileSync(file, content);
        expectUnread(file, why);
        expect(fs.readFileSync(file, 'utf8')).to.equal(content);
        expectAnew();
      });
    }

    it('a file larger than any', () => {
      const file = written();
      fs.truncateSync(file, 17 * 1024 ** 2);
      expectUnread(file, 'it is larger than 16 MiB');
      expectAnew();
    });

    it('a folder, which is not removed with its content', () => {
      const file = written();
      fs.unlinkSync(file);
      fs.mkdirSync(file);
      expectUnread(file, 'it is not a file');
      expectAnew();
      fs.unlinkSync(file);
      fs.mkdirSync(path.join(file, 'kept'), {recursive: true});
      expect(() => remember(PAIR, {...FACTS, anew: true}))
        .to.throw()
        .with.property('code', 'ENOTEMPTY');
      expect(names(), 'no draft is left').to.deep.equal([path.basename(file)]);
    });

    it('a symlink, which is not followed, also to a good one', () => {
      const file = written();
      const elsewhere = path.join(home, 'elsewhere');
      fs.renameSync(file, elsewhere);
      fs.symlinkSync(elsewhere, file);
      const content = fs.readFileSync(elsewhere, 'utf8');
      expectUnread(file, 'ELOOP');
      expectAnew();
      expect(fs.readFileSync(elsewhere, 'utf8')).to.equal(content);
    });

    it('a FIFO, for which nobody waits', () => {
      const file = written();
      fs.unlinkSync(file);
      call('mkfifo', [file]);
      expectUnread(file, 'it is not a file');
      expectAnew();
    });
  });

  it('is nowhere with a relative HOME: nothing is remembered', () => {
    process.env.XDG_STATE_HOME = '';
    process.env.HOME = 'relative';
    remember(PAIR, FACTS);
    expect(recall(PAIR)).to.deep.equal(NOTHING);
    expect(fs.existsSync('relative')).to.equal(false);
  });
});
