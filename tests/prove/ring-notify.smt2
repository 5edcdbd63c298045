; SPDX-License-Identifier: GPL-2.0-or-later
; mirrors: the last line of sring_publish() of ring/sring.c. Whether the frontend asked for an event.
; mutant: s/(bvult (bvsub now event)/(bvule (bvsub now event)/
; mutant: s/(bvsub now event) (bvsub now before)/(bvsub event now) (bvsub now before)/
(define-fun notifies ((before (_ BitVec 32)) (now (_ BitVec 32)) (event (_ BitVec 32))) Bool
  (bvult (bvsub now event) (bvsub now before)))
; property: exactly when `event` is one of before+1 .. now, counted round 2^32.
(declare-const before (_ BitVec 32))
(declare-const now (_ BitVec 32))
(declare-const event (_ BitVec 32))
(assert (not (= before now)))
(assert (not (= (notifies before now event)
                (bvult (bvsub (bvsub event before) #x00000001) (bvsub now before)))))
(check-sat)
