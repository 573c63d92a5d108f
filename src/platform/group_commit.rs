//! Group commit: many callers wait at once, few threads work, and whoever waits when a thread becomes free is worked on together.
//! A lone caller waits for nobody; under load the cost of a round trip and of a commit is shared.
//!
//! The queue is bounded: beyond it callers are told to come again. A batch that panics is taken apart and each of its jobs is tried
//! alone, so that one poison job fails nobody else; the thread goes on with a new worker.

use crate::error::Error;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// How the queue is set up.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads, each with its own worker.
    pub workers: usize,
    /// Most jobs that are worked on together.
    pub batch: usize,
    /// Most jobs that wait.
    pub length: usize,
}

struct Job<J, A> {
    job: J,
    answer: oneshot::Sender<Result<A, Failed<J>>>,
    since: Instant,
}

/// Why a job came to nothing, with the job if it can be handed over again.
#[derive(Debug)]
pub struct Failed<J> {
    pub error: Error,
    pub job: Option<J>,
}

/// The queue with its threads.
pub struct GroupCommit<J, A> {
    name: &'static str,
    queue: Mutex<Option<Sender<Job<J, A>>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl<J: Send + 'static, A: Send + 'static> GroupCommit<J, A> {
    /// Starts the threads. `worker` makes what one thread works with, at start and after a panic; a worker answers every job of a
    /// batch in its order, and may be called again with jobs that it has begun before.
    pub fn start<W>(name: &'static str, options: Options, worker: impl Fn() -> W + Clone + Send + 'static) -> Result<Self, Error>
    where
        W: FnMut(&mut [J]) -> Vec<Result<A, Error>>,
    {
        let (queue, jobs) = bounded(options.length);
        let start = |i| {
            let (jobs, worker) = (jobs.clone(), worker.clone());
            let work = move || work(name, &jobs, options.batch, worker);
            std::thread::Builder::new().name(format!("{name}-{i}")).spawn(work).map_err(Error::internal)
        };
        let threads = (0..options.workers).map(start).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { name, queue: Mutex::new(Some(queue)), threads: Mutex::new(threads) })
    }

    /// Hands a job over and waits for its answer. 503 at once where the queue is full or being drained. A caller that stops waiting
    /// before its job was begun takes it back; a job that was begun is finished.
    pub async fn submit(&self, job: J) -> Result<A, Failed<J>> {
        let (answer, answered) = oneshot::channel();
        let sent = match self.queue.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(queue) => queue.try_send(Job { job, answer, since: Instant::now() }),
            None => return Err(self.unavailable("is being drained")),
        };
        match sent {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(self.unavailable("is full")),
            Err(TrySendError::Disconnected(_)) => return Err(self.unavailable("has ended")),
        }
        answered.await.unwrap_or_else(|_| Err(self.unavailable("ended before it answered")))
    }

    fn unavailable(&self, why: &str) -> Failed<J> {
        Failed { error: Error::unavailable(format!("{} {why}", self.name)), job: None }
    }

    /// Takes no more jobs, works on those that wait, and ends the threads.
    pub fn drain(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if thread.join().is_err() {
                log::error!("a thread of {} ended in a panic", self.name);
            }
        }
    }
}

fn work<J, A, W>(name: &'static str, jobs: &Receiver<Job<J, A>>, most: usize, make: impl Fn() -> W)
where
    W: FnMut(&mut [J]) -> Vec<Result<A, Error>>,
{
    let mut worker = make();
    while let Ok(first) = jobs.recv() {
        let batch: Vec<Job<J, A>> = std::iter::once(first).chain(jobs.try_iter().take(most.saturating_sub(1))).collect();
        metrics::histogram!("group_commit_jobs", "queue" => name).record(batch.len() as f64);
        let (mut waiting, mut answers): (Vec<J>, Vec<_>) = (vec![], vec![]);
        for job in batch.into_iter().filter(|job| !job.answer.is_closed()) {
            metrics::histogram!("group_commit_wait_seconds", "queue" => name).record(job.since.elapsed());
            waiting.push(job.job);
            answers.push(job.answer);
        }
        if waiting.is_empty() {
            continue;
        }
        let done = match catch_unwind(AssertUnwindSafe(|| worker(&mut waiting))) {
            Ok(done) => done,
            Err(_) => {
                log::error!("{name}: a batch of {} panicked; each of it is tried alone", waiting.len());
                worker = make();
                waiting.iter_mut().map(|job| alone(name, &mut worker, &make, job)).collect()
            }
        };
        for ((answer, done), job) in answers.into_iter().zip(done).zip(waiting) {
            // Whoever has gone meanwhile learns it by asking again.
            let _ = answer.send(done.map_err(|error| Failed { error, job: Some(job) }));
        }
    }
}

fn alone<J, A, W>(name: &str, worker: &mut W, make: &impl Fn() -> W, job: &mut J) -> Result<A, Error>
where
    W: FnMut(&mut [J]) -> Vec<Result<A, Error>>,
{
    match catch_unwind(AssertUnwindSafe(|| worker(std::slice::from_mut(job)).pop())) {
        Ok(answer) => answer.unwrap_or_else(|| Err(Error::internal(format!("{name}: a job without answer")))),
        Err(_) => {
            *worker = make();
            Err(Error::internal(format!("{name}: a job panicked")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    const OPTIONS: Options = Options { workers: 2, batch: 8, length: 64 };

    fn doubling() -> impl FnMut(&mut [u32]) -> Vec<Result<u32, Error>> {
        |jobs: &mut [u32]| jobs.iter().map(|job| if *job == 13 { panic!("poison") } else { Ok(job * 2) }).collect()
    }

    #[tokio::test]
    async fn a_poison_job_fails_alone_and_the_threads_go_on() {
        let queue = Arc::new(GroupCommit::start("test", OPTIONS, doubling).unwrap());
        for _ in 0..5 {
            let all = (10..20).map(|job| {
                let queue = queue.clone();
                tokio::spawn(async move { (job, queue.submit(job).await) })
            });
            for one in all.collect::<Vec<_>>() {
                let (job, answer) = one.await.unwrap();
                match job {
                    13 => assert!(matches!(answer, Err(Failed { error: Error::Internal(_), job: Some(13) }))),
                    job => assert_eq!(answer.unwrap(), job * 2),
                }
            }
        }
    }

    #[tokio::test]
    async fn whoever_waits_is_worked_on_together_and_a_full_queue_says_so() {
        let batches = Arc::new(AtomicUsize::new(0));
        let counted = batches.clone();
        let slow = move || {
            let counted = counted.clone();
            move |jobs: &mut [u32]| {
                counted.fetch_add(1, SeqCst);
                std::thread::sleep(Duration::from_millis(100));
                jobs.iter().map(|job| Ok(*job)).collect()
            }
        };
        let queue = Arc::new(GroupCommit::start("test", Options { workers: 1, batch: 8, length: 8 }, slow).unwrap());
        let submit = |job| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.submit(job).await })
        };
        let first = submit(0);
        while batches.load(SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let waiting: Vec<_> = (1..=8).map(submit).collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(matches!(queue.submit(9).await, Err(Failed { error: Error::Unavailable { .. }, job: None })));
        first.await.unwrap().unwrap();
        for one in waiting {
            one.await.unwrap().unwrap();
        }
        assert_eq!(batches.load(SeqCst), 2, "one alone, then all eight together");
    }

    #[tokio::test]
    async fn draining_answers_all_that_wait_and_takes_no_more() {
        let queue = Arc::new(GroupCommit::start("test", OPTIONS, doubling).unwrap());
        let all: Vec<_> = (20..60)
            .map(|job| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.submit(job).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let drained = queue.clone();
        tokio::task::spawn_blocking(move || drained.drain()).await.unwrap();
        for one in all {
            match one.await.unwrap() {
                Ok(_) | Err(Failed { error: Error::Unavailable { .. }, .. }) => {}
                Err(failed) => panic!("{}", failed.error),
            }
        }
        assert!(matches!(queue.submit(1).await, Err(Failed { error: Error::Unavailable { .. }, .. })));
    }

    #[tokio::test]
    async fn a_caller_that_goes_takes_its_job_back_unless_it_was_begun() {
        let worked = Arc::new(AtomicUsize::new(0));
        let counted = worked.clone();
        let slow = move || {
            let counted = counted.clone();
            move |jobs: &mut [u32]| {
                std::thread::sleep(Duration::from_millis(50));
                counted.fetch_add(jobs.len(), SeqCst);
                jobs.iter().map(|job| Ok(*job)).collect()
            }
        };
        let queue = Arc::new(GroupCommit::start("test", Options { workers: 1, batch: 1, length: 8 }, slow).unwrap());
        let begun = tokio::spawn({
            let queue = queue.clone();
            async move { queue.submit(1).await }
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        let gone = tokio::time::timeout(Duration::from_millis(5), queue.submit(2)).await;
        assert!(gone.is_err());
        begun.await.unwrap().unwrap();
        queue.submit(3).await.unwrap();
        assert_eq!(worked.load(SeqCst), 2);
    }
}
