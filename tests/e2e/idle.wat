;; The workflow type `Scripted`, in a version that does nothing: every activation returns at once, every query traps.
(module
  (memory (export "memory") 4)
  (global $free (mut i32) (i32.const 4096))

  ;; Names.
  (data (i32.const 16) "by-hand")
  (data (i32.const 32) "1.0")
  (data (i32.const 48) "Scripted")

  ;; module-definition: sdk-name, sdk-version, workflows.
  (data (i32.const 256)
    "\10\00\00\00" "\07\00\00\00"
    "\20\00\00\00" "\03\00\00\00"
    "\00\02\00\00" "\01\00\00\00")

  ;; workflow-definition: name, description, two schemas that are absent, three empty lists.
  (data (i32.const 512)
    "\30\00\00\00" "\08\00\00\00"
    "\30\00\00\00" "\00\00\00\00"
    "\00\00\00\00" "\00\00\00\00" "\00\00\00\00"
    "\00\00\00\00" "\00\00\00\00" "\00\00\00\00"
    "\00\00\00\00" "\00\00\00\00"
    "\00\00\00\00" "\00\00\00\00"
    "\00\00\00\00" "\00\00\00\00")

  (func (export "wrt:workflow/guest@0.1.0#describe") (result i32)
    (i32.const 256))
  ;; At 768: a result that is well.
  (func (export "wrt:workflow/guest@0.1.0#activate") (param i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.const 768))
  (func (export "wrt:workflow/guest@0.1.0#query") (param i32 i32 i32 i32 i32 i32) (result i32)
    unreachable)

  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at)))
