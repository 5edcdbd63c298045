; SPDX-License-Identifier: GPL-2.0-or-later
; mirrors: segments_parse() of blkback/blkif.c, one segment, with the widths of its C types.
; mutant: s/(bvugt last #x07)/(bvugt last #x08)/
; mutant: s/(bvugt first last)/false/
(define-fun segment_refuses ((first (_ BitVec 8)) (last (_ BitVec 8))) Bool
  (or (bvugt last #x07) (bvugt first last)))
(define-fun segment_offset ((first (_ BitVec 8))) (_ BitVec 16)
  ((_ extract 15 0) (bvmul (concat #x000000 first) #x00000200)))
(define-fun segment_bytes ((first (_ BitVec 8)) (last (_ BitVec 8))) (_ BitVec 16)
  ((_ extract 15 0) (bvmul (bvadd (bvsub (concat #x000000 last) (concat #x000000 first)) #x00000001) #x00000200)))
; property: what is taken has at least one sector and lies inside of its page.
(declare-const first (_ BitVec 8))
(declare-const last (_ BitVec 8))
(assert (not (segment_refuses first last)))
(assert (not (and (bvuge (segment_bytes first last) #x0200)
                  (bvule (bvadd (concat #x0000 (segment_offset first)) (concat #x0000 (segment_bytes first last)))
                         #x00001000))))
(check-sat)
