import {expect} from 'chai';
import type {Check, Texts} from '../../src/core/answers.js';
import {answersOf} from '../../src/core/answers.js';
import {asked, type InitMessage, type InitState, initialState, initState} from '../../src/ui/init-state.js';

const FINE: Check = () => undefined;
const enter: InitMessage = {type: 'enter'};
const type = (text: string): InitMessage => ({type: 'text', text});
const choose = (by: number): InitMessage => ({type: 'choose', by});

function pressed(messages: readonly InitMessage[], given: Partial<Texts> = {}, check: Check = FINE): InitState {
  return messages.reduce((state, message) => initState(state, message, check), initialState(given));
}

describe('ui/init-state', () => {
  it('asks one after the other, and names a job by its source', () => {
    const state = pressed([type('~/pho'), type('tos/'), enter, type('/mnt/x'), enter]);
    expect(state.current).to.equal('job');
    expect(state.texts).to.include({source: '~/photos/', target: '/mnt/x', job: 'photos'});
  });

  it('stays at an answer that is wrong until it is another', () => {
    const check: Check = (_, text) => (text === 'x' ? 'no x' : undefined);
    const wrong = pressed([type('x'), enter], {}, check);
    expect(wrong).to.include({current: 'source', mistake: 'no x'});
    expect(initState(wrong, {type: 'erase'}, check)).to.include({mistake: undefined});
    expect(pressed([type('x'), enter, {type: 'erase-all'}, type('y'), enter], {}, check)).to.include({current: 'target'});
  });

  it('erases whole characters', () => expect(pressed([type('a😀'), {type: 'erase'}]).texts.source).to.equal('a'));

  it('asks for the time of what was chosen, and for nothing else', () => {
    const named = {source: 's', target: 't', job: 'j', exclude: ''};
    const at = pressed([choose(2), enter], named);
    expect(at).to.include({current: 'at'});
    expect(asked(at)).to.deep.equal(['when', 'at', 'log', 'heartbeat']);
    expect(pressed([choose(-1), enter], named)).to.deep.include({current: 'log'});
    expect(pressed([choose(-1)], named).texts.when).to.equal('watch');
    expect(pressed([choose(5), choose(1)], named).texts.when).to.equal('every');
    expect(pressed([type('x'), {type: 'erase'}], named).texts.when, 'a choice is not typed').to.equal('by-hand');
  });

  it('goes back, and not before the first', () => {
    const back: InitMessage = {type: 'back'};
    expect(pressed([type('s'), enter, back])).to.deep.include({current: 'source'});
    expect(pressed([back, back])).to.deep.include({current: 'source'});
  });

  it('asks only for what is not given', () => {
    const given = {source: '/s/pics', exclude: '*.tmp', when: 'every', every: '5m'};
    const state = pressed([type('/t'), enter, enter, enter, enter], given);
    expect(state.end).to.equal('done');
    expect(answersOf(state.texts)).to.deep.equal({
      source: '/s/pics',
      target: '/t',
      job: 'pics',
      exclude: ['*.tmp'],
      when: 'every',
      every: '5m',
      at: [],
      cron: [],
      log: '',
      heartbeat: '',
    });
  });

  it('hears nothing once it has ended', () => {
    expect(pressed([{type: 'stop'}, type('x'), enter])).to.deep.include({end: 'left', current: 'source'});
  });
});
