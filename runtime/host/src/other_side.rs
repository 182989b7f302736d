//! Modules hold workflows and activities, and are instantiated for the one or for the other. What they import for the other
//! side is linked all the same, and traps when it is called.

use wasmtime::{
    Error, Result,
    component::{Component, Linker, types::ComponentItem},
};

/// The package whose functions belong to the other side.
#[derive(Clone, Copy)]
pub(crate) enum OtherSide {
    /// To a workflow, what activities can ask.
    Activities,
    /// To an activity, what workflows can decide.
    Workflows,
}

impl OtherSide {
    fn package(self) -> &'static str {
        match self {
            OtherSide::Activities => "wrt:activity/",
            OtherSide::Workflows => "wrt:workflow/",
        }
    }

    fn refusal(self, interface: &str, function: &str) -> String {
        match self {
            OtherSide::Activities => format!(
                "`{interface}` `{function}` is for activities: a workflow would not be the same on replay. Move what needs it \
                 into an activity"
            ),
            OtherSide::Workflows => format!("`{interface}` `{function}` is for workflows, and this is an activity"),
        }
    }

    /// A linker that has the functions of the other side, too, if the component imports any.
    pub(crate) fn link<T: Send>(self, linker: &Linker<T>, component: &Component) -> Result<Linker<T>> {
        let mut linker = linker.clone();
        let refusal = |interface: &str, function: &str| self.refusal(interface, function);
        refuse_imports(&mut linker, component, self.package(), refusal)?;
        Ok(linker)
    }
}

/// Links the functions that a component imports from interfaces whose names begin so. Calling one traps with these words about
/// the interface and the function.
pub fn refuse_imports<T: Send>(
    linker: &mut Linker<T>,
    component: &Component,
    beginning: &str,
    refusal: impl Fn(&str, &str) -> String,
) -> Result<()> {
    let engine = component.engine();
    for (name, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(interface) = item.ty else {
            continue;
        };
        if !name.starts_with(beginning) {
            continue;
        }
        let mut instance = linker.instance(name)?;
        for (function, item) in interface.exports(engine) {
            if let ComponentItem::ComponentFunc(_) = item.ty {
                let refusal = refusal(name, function);
                instance.func_new(function, move |_, _, _, _| Err(Error::msg(refusal.clone())))?;
            }
        }
    }
    Ok(())
}
