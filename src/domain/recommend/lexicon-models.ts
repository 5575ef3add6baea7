/**
 * Names and words of machine learning, and models by name: params is how many thousand millions of parameters one has
 * that is told by its name alone, gpu what it is run on comfortably, in GB. The form is told in lexicon.ts.
 */
export const MODEL_LEXICON = `
training 4: axolotl, dreambooth, fine tune, fine tuned, fine tuning, finetune, finetuned,
  finetuning, hugging face trainer, llama factory, lora, nanogpt, peft, qlora,
  reinforcement learning, retrain, retraining, rl agent, rlhf, stable baselines, train, training,
  transfer learning, unsloth
training 2: data parallel, deep learning, deepspeed, fastai, jax, kaggle, keras, lightning ai,
  machine learning, ml, mxnet, neural, neural net, neural network, pytorch, tensorflow
training-large 3: distributed training, foundation model, from scratch, fsdp, gpt neox, hyperpod,
  megatron, megatron lm, mosaicml, multi node training, nemo megatron, pre train, pre training,
  pretrain, pretraining, torchtitan, trillion tokens
inference 3: ai images, ai model, anpr, anythingllm, bentoml, chat bot, chatbot, chatgpt,
  classification, classify, code assistant, codeproject ai, coding assistant, computer vision,
  deepstream, embedding, exllama, face recognition, frigate, genai, generate images, generative ai,
  gpt, image classification, image generation, image recognition, inference, inferencing, kserve,
  language model, large language model, librechat, licence plate recognition,
  license plate recognition, llm, lmdeploy, local ai, model serving, music generation,
  object detection, ocr model, onnx runtime, onnxruntime, oobabooga, open webui, openwebui,
  own chatgpt, pose estimation, prediction, prediction service, private chatgpt, rag, ray serve,
  recommender model, reranker, retrieval augmented, segmentation model, seldon, sentiment analysis,
  serve a model, serve model, serving models, sglang, speech recognition, speech to text, tabbyml,
  tensorrt, text generation inference, text generation webui, text to image, text to speech,
  text to video, tf serving, tgi, torchserve, transcribe, transcription, translation model,
  triton inference, video generation, vllm, voice cloning
inference 3 nvidia=1: gpt4all, jan ai, koboldcpp, llama cpp, llamacpp, lm studio, localai, ollama,
  privategpt
inference 3 params=1.6 gpu=6: bark tts, bert, clip model, coqui tts, deepface, demucs, detectron,
  distilbert, efficientnet, faster whisper, insightface, kokoro tts, mask rcnn, minilm, mobilenet,
  parakeet, piper tts, resnet, roberta, sam2, segment anything, sentence transformers, whisper,
  whisperx, xtts, yolo, yolo11, yolov10, yolov5, yolov7, yolov8, yolov9
inference 3 gpu=10 nvidia=1: a1111, animatediff, automatic1111, comfyui, controlnet, deforum,
  fooocus, forge webui, invokeai, sd webui, sd15, stable diffusion
inference 3 gpu=14 nvidia=1: kandinsky, kolors, pixart, pony diffusion, sdxl, stable video diffusion
inference 3 gpu=24 nvidia=1: cogvideo, cogvideox, flux, flux 1, flux dev, flux schnell, flux1,
  hidream, hunyuan video, hunyuanvideo, ltx video, mochi video, musicgen, open sora, qwen image,
  sd 3 5, sd3, stable diffusion 3, wan video, wan2 1, wan2 2
inference 3 params=7: alpaca, baichuan, chatglm, codellama, deepseek coder, gemma, gemma 2, gemma 3,
  gemma2, gemma3, granite model, internlm, llama, llava, ministral, mistral, mistral nemo, olmo,
  openhermes, phi 4, phi4, qwen, qwen2, qwen2 5, qwen3, smollm, starcoder, vicuna, zephyr
inference 3 params=3: orca mini, phi 3, phi 3 mini, phi3, stablelm, tinyllama
inference 3 params=24: codestral, devstral, gpt oss, magistral, mistral small
inference 3 params=47: jamba, mixtral
inference 3 params=110: command a, command r plus, command r+, llama 4 scout, mistral large,
  pixtral large
inference 3 params=671: deepseek, deepseek r1, deepseek v3, deepseekr1
inference 3 params=400: glm 4 5, llama 4 maverick, maverick, minimax m1
inference 3 params=1000: kimi, kimi k2
inference 3 params=314: dbrx, grok, grok 1, nemotron ultra
ml-cpu 3.5: arima, bayesian, caret, catboost, gradient boosting, h2o, jags, lightgbm,
  logistic regression, mcmc, pymc, random forest, regression model, scikit learn, sklearn, weka,
  xgboost
`
