//! How the snapshot reads the memory and the globals of an instance: through functions that were added to the component.

use wasmtime::{
    Store,
    component::{Instance, Lift, WasmList},
};
use wasmtime_wizer::ComponentInstanceState;

use super::wasi::State;

pub(super) struct Access<'a> {
    pub(super) store: &'a mut Store<State>,
    pub(super) instance: Instance,
}

impl Access<'_> {
    fn call<R: Lift + 'static, T>(
        &mut self,
        instance: &str,
        function: &str,
        take: impl FnOnce(&Store<State>, R) -> T,
    ) -> T {
        let exports = self.instance.get_export_index(&mut *self.store, None, instance);
        let index = exports.and_then(|exports| {
            self.instance
                .get_export_index(&mut *self.store, Some(&exports), function)
        });
        let index = index.expect("the component was instrumented");
        let function = self.instance.get_typed_func::<(), (R,)>(&mut *self.store, index);
        let function = function.expect("functions that read have no parameters");
        let (value,) = function.call(&mut *self.store, ()).expect("reading does not trap");
        take(self.store, value)
    }
}

impl ComponentInstanceState for Access<'_> {
    async fn call_func_ret_list_u8(&mut self, instance: &str, function: &str, contents: impl FnOnce(&[u8]) + Send) {
        self.call(instance, function, |store, list: WasmList<u8>| {
            contents(list.as_le_slice(store));
        });
    }

    async fn call_func_ret_s32(&mut self, instance: &str, function: &str) -> i32 {
        self.call(instance, function, |_, value| value)
    }

    async fn call_func_ret_s64(&mut self, instance: &str, function: &str) -> i64 {
        self.call(instance, function, |_, value| value)
    }

    async fn call_func_ret_f32(&mut self, instance: &str, function: &str) -> u32 {
        self.call(instance, function, |_, value: f32| value.to_bits())
    }

    async fn call_func_ret_f64(&mut self, instance: &str, function: &str) -> u64 {
        self.call(instance, function, |_, value: f64| value.to_bits())
    }
}
