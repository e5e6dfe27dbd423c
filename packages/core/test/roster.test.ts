import fc from "fast-check";
import { expect, test } from "vitest";
import { type Member, Roster } from "../src/server/roster.ts";

test("holds whom a Set would hold", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (comesOrGoes) => {
      const people = Array.from({ length: 21 }, person);
      const roster = new Roster<Member>();
      const present = new Set<Member>();
      for (const who of comesOrGoes) {
        const member = people[who] as Member;
        if (present.delete(member)) {
          roster.delete(member);
        } else {
          roster.add(member);
          present.add(member);
        }
        expect(roster.size).toBe(present.size);
        expect(new Set(roster)).toEqual(present);
        expect([...roster]).toHaveLength(present.size);
        expect(people.filter((other) => roster.has(other))).toEqual(
          people.filter((other) => present.has(other)),
        );
      }
    }),
  );
});

test("while it is gone through, those who leave are left out, and nobody comes twice", () => {
  const members = (length: number) => fc.array(fc.nat(length - 1), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(members(10), { minLength: 10, maxLength: 10 }), (leaversAt) => {
      const people = Array.from({ length: 10 }, person);
      const roster = new Roster<Member>();
      for (const member of people) roster.add(member);
      const gone = new Set<Member>();
      const met: Member[] = [];
      for (const member of roster) {
        expect(gone).not.toContain(member);
        met.push(member);
        for (const who of leaversAt[met.length - 1] ?? []) {
          const leaver = people[who] as Member;
          roster.delete(leaver);
          gone.add(leaver);
          roster.add(person());
        }
        if (met.length === 10) break;
      }
      expect(new Set(met).size).toBe(met.length);
    }),
  );
});

test("one who left, or never came, cannot leave", () => {
  const roster = new Roster<Member>();
  const [one, other] = [person(), person()];
  roster.add(one);
  roster.delete(one);
  roster.add(other);
  roster.delete(one);
  roster.delete(person());
  expect([...roster]).toEqual([other]);
});

function person(): Member {
  return { place: -1 };
}
