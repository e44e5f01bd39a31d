use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Sender};
use std::sync::{Arc, Mutex};

use crate::error::{caught, Failure, Outcome};
use crate::mailbox::lock;

type Job = Box<dyn FnOnce() + Send>;

/// One thread that does, in order, what may wait for the link: JavaScript's own thread must never wait there.
pub struct Lane {
    jobs: Mutex<Option<Sender<Job>>>,
    waiting: Arc<AtomicUsize>,
}

impl Lane {
    pub fn start() -> Outcome<Self> {
        let (sender, receiver) = channel::<Job>();
        std::thread::Builder::new()
            .name("bubbaloop-lane".to_string())
            .spawn(move || {
                for job in receiver {
                    // Jobs report their own outcome; here only the thread is kept alive.
                    let _ = caught(|| {
                        job();
                        Ok(())
                    });
                }
            })
            .map_err(Failure::failed)?;
        Ok(Lane { jobs: Mutex::new(Some(sender)), waiting: Arc::new(AtomicUsize::new(0)) })
    }

    pub fn run(&self, job: impl FnOnce() + Send + 'static) -> Outcome<()> {
        let jobs = lock(&self.jobs);
        let sender = jobs.as_ref().ok_or_else(closed)?;
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let waiting = self.waiting.clone();
        sender
            .send(Box::new(move || {
                let _ = caught(|| {
                    job();
                    Ok(())
                });
                waiting.fetch_sub(1, Ordering::AcqRel);
            }))
            .map_err(|_| closed())
    }

    /// Jobs not yet finished.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// The thread ends after what it has.
    pub fn end(&self) {
        lock(&self.jobs).take();
    }
}

fn closed() -> Failure {
    Failure::link_lost("the session is closed")
}
