import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {writeReport} from '../../../src/app/output/render.js';
import {act, planOf} from '../../support/plan.js';
import {planSubject} from '../../support/subject.js';
import {tempDirs} from '../../support/temp.js';

describe('app/output/render', () => {
  const temp = tempDirs();
  const about = planSubject(planOf([act.create('private')]));

  for (const ending of ['html', 'md', 'json', 'xml', 'txt']) {
    it(`a new report in .${ending} is for its maker alone, and one that is replaced keeps its mode`, async () => {
      const file = path.join(temp(), `report.${ending}`);
      await writeReport(about, file, false);
      expect(fs.statSync(file).mode & 0o777).to.equal(0o600);
      const text = fs.readFileSync(file, 'utf8');
      // JUnit counts changes, and names none.
      expect(text).to.include(ending === 'xml' ? '1 to create' : 'private');
      expect(await writeReport(about, file, false)).to.equal('exists');
      fs.writeFileSync(file, 'old');
      fs.chmodSync(file, 0o644);
      await writeReport(about, file, true);
      expect(fs.statSync(file).mode & 0o777).to.equal(0o644);
      expect(fs.readFileSync(file, 'utf8')).to.equal(text);
      expect(fs.readdirSync(path.dirname(file))).to.deep.equal([path.basename(file)]);
    });
  }
});
