; SPDX-License-Identifier: GPL-2.0-or-later
; mirrors: sring_look() of ring/sring.c. What a producer index may claim, at every place of 2^32.
; mutant: s/(bvult (bvsub prod rsp) (bvsub cons rsp))/false/
; mutant: s/(bvugt (bvsub prod rsp) slots)/(bvugt (bvsub prod cons) slots)/
(define-fun look_refuses ((prod (_ BitVec 32)) (rsp (_ BitVec 32)) (cons (_ BitVec 32)) (slots (_ BitVec 32))) Bool
  (or (bvugt (bvsub prod rsp) slots) (bvult (bvsub prod rsp) (bvsub cons rsp))))
; property: with what is in flight inside of the ring, an index that is believed claims no more
; than the free slots, and every index that an honest frontend can show is believed.
(declare-const prod (_ BitVec 32))
(declare-const rsp (_ BitVec 32))
(declare-const cons (_ BitVec 32))
(declare-const slots (_ BitVec 32))
(define-fun in_flight () (_ BitVec 32) (bvsub cons rsp))
(assert (and (bvuge slots #x00000001) (bvule slots #x00000200) (bvule in_flight slots)))
(assert (not (= (not (look_refuses prod rsp cons slots))
                (bvule (bvsub prod cons) (bvsub slots in_flight)))))
(check-sat)
