import process from 'node:process';
import {expect} from 'chai';
import {checkThisUser} from '../../../src/app/sync/owners.js';
import {act, file, planOf} from '../../support/plan.js';
import {skip} from '../../support/skip.js';
import {asNobody} from '../../support/user.js';

describe('app/sync/owners', () => {
  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root can be two users');
  });

  it('a saved plan is for the user who applies it: what root may, another is refused', () => {
    const {options} = planOf([]).header;
    const plan = planOf([act.create('a', file(0, {uid: 1000}))], {
      options: {...options, owner: true, groups: 'any'},
      plannedBy: 0,
    });
    expect(() => checkThisUser(plan)).not.to.throw();
    expect(() => asNobody(() => checkThisUser(plan))).to.throw('a must belong to 1000:1000, which uid 65534 cannot set');
  });
});
