//! A request's handle: Envoy's callbacks come by it, and while the request waits for credentials the plugin has one too.

use super::root::Plugin;
use super::stream::Stream;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// One of the handles of a request.
#[derive(Clone)]
pub struct Handle(Rc<RefCell<Stream>>);

/// A handle that the request itself can keep.
pub struct WeakHandle(Weak<RefCell<Stream>>);

impl WeakHandle {
    pub fn get(&self) -> Option<Handle> {
        self.0.upgrade().map(Handle)
    }
}

impl Handle {
    pub fn new(context: u32, plugin: Rc<Plugin>) -> Self {
        Self(Rc::new_cyclic(|own| RefCell::new(Stream::new(context, plugin, WeakHandle(own.clone())))))
    }

    /// Goes on with a request that waited; the host is in its context.
    pub fn wake(&self) {
        self.with(Stream::wake);
    }

    /// What the root context does to a request that waits may make Envoy call back into it at once: Envoy's own answer then
    /// goes its way.
    fn with<T>(&self, what: impl FnOnce(&mut Stream) -> T) -> Option<T> {
        self.0.try_borrow_mut().ok().map(|mut stream| what(&mut stream))
    }

    fn act(&self, what: impl FnOnce(&mut Stream) -> Action) -> Action {
        self.with(what).unwrap_or(Action::Continue)
    }
}

impl Context for Handle {
    fn on_done(&mut self) -> bool {
        self.with(Stream::ended);
        true
    }
}

impl HttpContext for Handle {
    fn on_http_request_headers(&mut self, _count: usize, end: bool) -> Action {
        self.act(|stream| stream.on_http_request_headers(end))
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.act(|stream| stream.on_http_request_body(size, end))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.act(Stream::on_http_request_trailers)
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> Action {
        self.act(|stream| stream.on_http_response_headers(end))
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        self.act(|stream| stream.on_http_response_body(size, end))
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.act(Stream::on_http_response_trailers)
    }

    fn on_log(&mut self) {
        self.with(Stream::ended);
    }
}
