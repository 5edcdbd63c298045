; SPDX-License-Identifier: GPL-2.0-or-later
; mirrors: netif_rx_slots() of netback/netif.h. Slots of a frame behind a guest's headroom.
; mutant: s/(bvsub room #x00000001)/room/
(define-fun rx_slots ((bytes (_ BitVec 32)) (headroom (_ BitVec 32))) (_ BitVec 32)
  (let ((room (bvsub #x00001000 headroom)))
    (bvudiv (bvadd bytes (bvsub room #x00000001)) room)))
; property: they hold the frame, and one fewer would not. (The widths of what a frame and a page can
; be: a solver takes hours for a division by a variable of 32 bits.)
(declare-const few (_ BitVec 17))
(declare-const head (_ BitVec 11))
(define-fun bytes () (_ BitVec 32) (concat #b000000000000000 few))
(define-fun headroom () (_ BitVec 32) (concat #b000000000000000000000 head))
(define-fun space ((n (_ BitVec 32))) (_ BitVec 32) (bvmul n (bvsub #x00001000 headroom)))
(assert (and (bvuge bytes #x00000001) (bvule bytes #x0000ffff)))
(assert (not (and (bvuge (space (rx_slots bytes headroom)) bytes)
                  (bvult (space (bvsub (rx_slots bytes headroom) #x00000001)) bytes))))
(check-sat)
