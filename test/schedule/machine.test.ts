import {expect} from 'chai';
import {Machine} from '../../src/schedule/machine.js';
import {schedule} from '../support/schedule.js';

const NOW = {wall: 0, steady: 0};
const SCHEDULE = schedule({every: 1000});

/** How a new machine comes to each state. */
const STATES: Record<string, (machine: Machine) => void> = {
  waiting: () => {},
  running: (machine) => machine.began(NOW),
  stopping(machine) {
    machine.began(NOW);
    machine.stop();
  },
  stopped: (machine) => machine.stop(),
};
const ACTS: Record<string, (machine: Machine) => unknown> = {
  look: (machine) => machine.look(NOW),
  began: (machine) => machine.began(NOW),
  ended: (machine) => machine.ended('success', NOW),
  reload: (machine) => machine.reload(SCHEDULE, NOW),
  stop: (machine) => machine.stop(),
};
/** Where each act leads; all others throw. */
const LEADS: Record<string, Record<string, string>> = {
  waiting: {look: 'waiting', began: 'running', reload: 'waiting', stop: 'stopped'},
  running: {ended: 'waiting', reload: 'running', stop: 'stopping'},
  stopping: {ended: 'stopped', reload: 'stopping', stop: 'stopping'},
  stopped: {},
};

describe('schedule/machine', () => {
  for (const [state, reach] of Object.entries(STATES)) {
    for (const [act, perform] of Object.entries(ACTS)) {
      const leads = LEADS[state]?.[act];
      it(`${state}: ${act} ${leads === undefined ? 'cannot be' : `leads to ${leads}`}`, () => {
        const machine = new Machine(SCHEDULE, NOW);
        reach(machine);
        expect(machine.state).to.equal(state);
        if (leads === undefined) expect(() => perform(machine)).to.throw(`a run loop that is ${state} is not`);
        else perform(machine);
        expect(machine.state).to.equal(leads ?? state);
      });
    }

    it(`${state}: a change or a wish may come at any time`, () => {
      const machine = new Machine(SCHEDULE, NOW);
      reach(machine);
      machine.ask();
      machine.changed(NOW);
      expect(machine.state).to.equal(state);
    });
  }
});
